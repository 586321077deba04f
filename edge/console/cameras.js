import { ConsoleError } from "./api.js";
import { camerasOf } from "./camera-api.js";
import { describeState, nameOfFault } from "./camera-view.js";
import { createElement, element, elementAs } from "./elements.js";
import { listenToKeyForm } from "./key.js";

/** @typedef {import("./camera-api.js").Camera} Camera */

const refreshMs = 5000;
const site = new URL(document.baseURI).searchParams.get("site") ?? "default";

elementAs("site", HTMLInputElement).value = site;
listenToKeyForm(elementAs("key-form", HTMLFormElement), show);
document.addEventListener("visibilitychange", show);
setInterval(show, refreshMs);
show();

function show() {
  if (document.hidden || !element("key-form").hidden) return;
  camerasOf(site).then(showList, showFailure);
}

/** @param {Camera[]} cameras */
function showList(cameras) {
  element("banner").hidden = true;
  element("empty").hidden = cameras.length > 0;
  element("count").textContent = `${cameras.length} of the site ${site}`;
  const focused = document.activeElement?.id;
  element("cameras").replaceChildren(...cameras.map(describe));
  // the list is new, who was in it stays where they were
  if (focused?.startsWith("camera-")) document.getElementById(focused)?.focus();
}

/** @param {Camera} camera */
function describe(camera) {
  const { id, state, health } = camera;
  const item = createElement("li", "card");
  const link = createElement("a", "", id);
  link.id = `camera-${id}`;
  link.setAttribute("href", `camera?id=${encodeURIComponent(id)}`);
  item.append(
    link,
    createElement("strong", "", state.label ?? "unknown"),
    createElement("span", "quiet", describeState(camera)),
    ...health.faults.map((fault) => createElement("span", "fault", nameOfFault(fault))),
  );
  return item;
}

/** @param {unknown} error */
function showFailure(error) {
  if (!(error instanceof ConsoleError)) throw error;
  const banner = element("banner");
  banner.textContent = `${error.title}. ${error.message}`;
  banner.hidden = false;
}
