/** Where the tab keeps its API key: it goes with the tab, and no other page of the browser sees it. */
const storageName = "edgewise-api-key";

/** Said on the document when the server wants an API key, or another one; `detail` is the server's sentence. */
export const keyNeeded = "edgewise-key-needed";

/**
 * Headers that authenticate a request of this page; none where no key was entered.
 * @returns {Record<string, string>}
 */
export function keyHeaders() {
  const key = sessionStorage.getItem(storageName);
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** Whether requests of this page carry a key. */
export function hasKey() {
  return sessionStorage.getItem(storageName) !== null;
}

/** @param {string} key an empty one is forgotten */
function rememberKey(key) {
  if (key === "") sessionStorage.removeItem(storageName);
  else sessionStorage.setItem(storageName, key);
}

/**
 * Shows the form of the page when a key is needed.
 * @param {HTMLFormElement} form with an input `key` and an element `key-reason`
 * @param {() => void} onEntered called when a key was entered
 */
export function listenToKeyForm(form, onEntered) {
  const input = form.elements.namedItem("key");
  const reason = form.querySelector("#key-reason");
  if (!(input instanceof HTMLInputElement) || reason === null) throw new Error("the key form is not whole");
  document.addEventListener(keyNeeded, (event) => {
    reason.textContent = event instanceof CustomEvent ? String(event.detail) : "";
    if (!form.hidden) return;
    form.hidden = false;
    input.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rememberKey(input.value.trim());
    input.value = "";
    form.hidden = true;
    onEntered();
  });
}
