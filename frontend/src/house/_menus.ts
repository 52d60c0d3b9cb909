/** Menus are `<details>`: this only closes them by Escape and by a press elsewhere. */
export function startMenus(): void {
  const menus = document.querySelectorAll<HTMLDetailsElement>("details.header__menu");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (!menu.open) continue;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const menu of menus) {
      if (menu.open && !menu.contains(event.target as Node)) menu.open = false;
    }
  });
}
