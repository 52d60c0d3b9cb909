import { cpSync, existsSync, globSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const root = import.meta.dirname;
const out = resolve(root, "../src/maru/platform/ui/static/build");

/** The slates of a broadcast are drawn on the server, which needs a font with Hangul; pages never load it. */
function serverFonts(): Plugin {
  return {
    name: "maru-server-fonts",
    closeBundle() {
      const from = resolve(root, "node_modules/pretendard/dist/public/static");
      mkdirSync(resolve(out, "fonts"), { recursive: true });
      for (const weight of ["Regular", "Bold"]) {
        cpSync(resolve(from, `Pretendard-${weight}.otf`), resolve(out, `fonts/Pretendard-${weight}.otf`));
      }
      cpSync(resolve(root, "node_modules/pretendard/dist/LICENSE.txt"), resolve(out, "fonts/LICENSE.txt"));
    },
  };
}

const HOUR_MS = 3_600_000;

/** A running house goes on serving while it is built anew: old files leave an hour after the pages that name them. */
function sweep(): Plugin {
  return {
    name: "maru-sweep",
    writeBundle(_options, bundle) {
      const folder = resolve(out, "assets");
      if (!existsSync(folder)) return;
      for (const name of readdirSync(folder)) {
        const path = resolve(folder, name);
        if (!(`assets/${name}` in bundle) && Date.now() - statSync(path).mtimeMs > HOUR_MS) rmSync(path);
      }
    },
  };
}

/** Every module directly in src/ and in a room's folder is an entry, unless its name begins with "_". */
const entries = globSync(["src/*.ts", "src/*/*.ts"], { cwd: root }).filter(
  (file) => !basename(file).startsWith("_") && !file.endsWith(".test.ts") && !file.endsWith(".d.ts"),
);

export default defineConfig({
  root,
  base: "./",
  publicDir: false,
  build: {
    outDir: out,
    emptyOutDir: false,
    manifest: "manifest.json",
    target: ["chrome111", "firefox114", "safari16.4"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 450,
    rolldownOptions: { input: entries.map((file) => resolve(root, file)) },
  },
  plugins: [serverFonts(), sweep()],
});
