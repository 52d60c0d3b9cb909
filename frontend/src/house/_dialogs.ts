/** Buttons with `data-opens="id"` open that `<dialog>`, ones with `data-closes` close the dialog they stand in. */
export function startDialogs(): void {
  document.addEventListener("click", (event) => {
    const pressed = event.target as Element;
    const opener = pressed.closest<HTMLElement>("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset["opens"] ?? "");
      if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
      return;
    }
    const dialog = pressed.closest("dialog");
    if (dialog && (pressed.closest("[data-closes]") || pressed === dialog)) dialog.close();
  });
}
