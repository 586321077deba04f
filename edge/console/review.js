import { ConsoleError } from "./api.js";
import { listenToKeyForm } from "./key.js";
import { decide, imageUrl, labelsOf, waitingPage } from "./review-api.js";

/** @typedef {import("./review-api.js").Waiting} Waiting */

/** Why an image is here, for people. */
const reasons = new Map([
  ["feedback", "somebody sent it"],
  ["uncertain", "the model was not sure"],
  ["unknown", "the model knew no class for it"],
  ["disagreement", "two versions disagreed"],
]);

/** Labels that have a key of their own. */
const mostKeys = 9;

/** @type {Waiting[]} the first is shown */
let waiting = [];
/** @type {string | null} */
let cursor = null;
/** @type {string[]} */
let labels = [];
let shownUrl = "";
let isBusy = false;

const item = element("item", HTMLElement);
const image = element("image", HTMLImageElement);
const accept = element("accept", HTMLButtonElement);
const other = element("other-label", HTMLInputElement);

element("discard", HTMLButtonElement).addEventListener("click", discard);
element("skip", HTMLButtonElement).addEventListener("click", skip);
element("again", HTMLButtonElement).addEventListener("click", begin);
accept.addEventListener("click", () => acceptAs(proposed()));
element("other", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  acceptAs(other.value.trim());
});
// only while the focus is on the item: a single key must not do anything for who is elsewhere
item.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  const label = /^[1-9]$/.test(key) ? labels[Number(key) - 1] : undefined;
  if (key === "a") acceptAs(proposed());
  else if (key === "d") discard();
  else if (key === "s") skip();
  else if (label !== undefined) acceptAs(label);
  else return;
  event.preventDefault();
});
listenToKeyForm(element("key-form", HTMLFormElement), begin);
begin();

function begin() {
  waiting = [];
  cursor = null;
  void attempt(async () => {
    await fill();
    await show();
  });
}

/** Reads pages until something waits, or there are no more. */
async function fill() {
  do {
    const page = await waitingPage(cursor);
    waiting.push(...page.items);
    cursor = page.cursor;
  } while (waiting.length === 0 && cursor !== null);
}

async function show() {
  const [current] = waiting;
  const more = cursor === null ? "" : " or more";
  element("waiting", HTMLElement).textContent = `${waiting.length}${more} waiting`;
  item.hidden = current === undefined;
  element("empty", HTMLElement).hidden = current !== undefined;
  if (current === undefined) {
    say("Nothing waits for review.");
    return;
  }
  showFacts(current);
  showProposal();
  other.value = "";
  const [url, known] = await Promise.all([
    current.image === null ? "" : imageUrl(current),
    labelsOf(current),
  ]);
  URL.revokeObjectURL(shownUrl);
  shownUrl = url;
  image.hidden = url === "";
  element("no-image", HTMLElement).hidden = url !== "";
  if (url === "") image.removeAttribute("src");
  else image.src = url;
  image.alt = `Image that is here because ${reasons.get(current.source) ?? current.source}`;
  showLabels(known);
  item.focus({ preventScroll: true });
}

/** @param {Waiting} current */
function showFacts({ source, label, answer, createdAt }) {
  const top = answer?.top;
  const said =
    answer === null ? "nothing" : top ? `${top.label}, ${Math.round(top.probability * 100)} %` : "no class";
  const facts = [
    ["Here because", reasons.get(source) ?? source],
    ["The model said", answer?.unknown ? `unknown (${said})` : said],
    ["Somebody says", label ?? "nothing yet"],
    ["Came", new Date(createdAt).toLocaleString()],
    ["Version", answer?.version ?? "none"],
  ];
  element("facts", HTMLElement).replaceChildren(
    ...facts.flatMap(([term = "", text = ""]) => [labelled("dt", term), labelled("dd", text)]),
  );
}

/** @param {string[]} known */
function showLabels(known) {
  labels = known;
  const buttons = known.map((label, i) => {
    const button = labelled("button", label);
    button.setAttribute("type", "button");
    if (i < mostKeys) button.append(" ", labelled("kbd", String(i + 1)));
    button.addEventListener("click", () => acceptAs(label));
    return button;
  });
  element("labels", HTMLElement).replaceChildren(...buttons);
}

function showProposal() {
  const label = proposed();
  accept.disabled = label === "" || waiting[0]?.image === null;
  accept.replaceChildren(label === "" ? "Accept" : `Accept as ${label}`, " ", labelled("kbd", "A"));
}

/** What it would be accepted as: what somebody said, else what the model said; empty where nobody said anything. */
function proposed() {
  const [current] = waiting;
  return current?.label ?? current?.answer?.top?.label ?? "";
}

/** @param {string} label */
function acceptAs(label) {
  const [current] = waiting;
  if (current === undefined || isBusy) return;
  if (current.image === null) say("No image was kept; it can be discarded only.");
  else if (label === "") say("Say what it shows first.");
  else void settle(current, { decision: "accept", label }, `Accepted as ${label}.`);
}

function discard() {
  const [current] = waiting;
  if (current === undefined || isBusy) return;
  void settle(current, { decision: "discard" }, "Discarded.");
}

function skip() {
  if (waiting.length === 0 || isBusy) return;
  void attempt(async () => {
    say("Skipped.");
    await advance();
  });
}

/**
 * @param {Waiting} current
 * @param {import("./review-api.js").Decision} decision
 * @param {string} done
 */
function settle(current, decision, done) {
  return attempt(async () => {
    await decide(current, decision);
    say(done);
    await advance();
  });
}

async function advance() {
  waiting.shift();
  if (waiting.length === 0 && cursor !== null) await fill();
  await show();
}

/**
 * Does one thing at a time and tells when it fails.
 * @param {() => Promise<void>} work
 */
async function attempt(work) {
  const banner = element("banner", HTMLElement);
  isBusy = true;
  document.body.setAttribute("aria-busy", "true");
  banner.hidden = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    banner.textContent = `${error.title}. ${error.message}`;
    banner.hidden = false;
  } finally {
    isBusy = false;
    document.body.setAttribute("aria-busy", "false");
  }
}

/** @param {string} text */
function say(text) {
  element("announcement", HTMLElement).textContent = text;
}

/**
 * @param {string} name
 * @param {string} text
 */
function labelled(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
function element(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${id}`);
}
