/**
 * Shows a `<dialog>` as a modal one for as long as it is there: `<dialog {@attach modal(() => onclose())}>`. The browser
 * keeps the focus inside; Escape and a click beside it ask to close it; the focus goes back to where it was.
 */
export function modal(onclose: () => void): (dialog: HTMLDialogElement) => () => void {
  return (dialog) => {
    const before = document.activeElement;
    const ended = new AbortController();
    const { signal } = ended;
    dialog.addEventListener(
      'cancel',
      (event) => {
        event.preventDefault();
        onclose();
      },
      { signal },
    );
    // What is inside lies on a child: only the backdrop is the dialog itself.
    dialog.addEventListener('click', (event) => event.target === dialog && onclose(), { signal });
    dialog.showModal();
    return () => {
      ended.abort();
      dialog.close();
      if (before instanceof HTMLElement) before.focus();
    };
  };
}
