/** The theme switch of the header without a page load; the link it stands on works without this script. */
export function startTheme(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("[data-theme-switch]");
    if (!link) return;
    event.preventDefault();
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset["theme"] = theme;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `maru_theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
  });
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "dark" || chosen === "wall") return true;
  return chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches;
}
