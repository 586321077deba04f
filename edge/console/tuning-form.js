import { element, elementAs } from "./elements.js";

/** @typedef {import("./camera-api.js").Tuning} Tuning */

const k = elementAs("vote-k", HTMLInputElement);
const n = elementAs("vote-n", HTMLInputElement);
const minProbability = elementAs("min-probability", HTMLInputElement);
const hysteresis = elementAs("hysteresis", HTMLInputElement);
const evidence = elementAs("evidence", HTMLInputElement);
const cooldown = elementAs("cooldown", HTMLInputElement);
const sliders = [k, n, minProbability, hysteresis, evidence, cooldown];

/** Writes settings into the sliders; one that a person set beyond a slider's end widens it. @param {Tuning} tuning */
export function showTuning(tuning) {
  const { vote, cooldownSeconds } = tuning;
  for (const slider of [k, n]) slider.max = String(Math.max(10, vote.n));
  cooldown.max = String(Math.max(600, cooldownSeconds));
  setTo(k, vote.k);
  setTo(n, vote.n);
  setTo(minProbability, tuning.minProbability * 100);
  setTo(hysteresis, tuning.hysteresis * 100);
  setTo(evidence, tuning.evidencePerVote);
  setTo(cooldown, cooldownSeconds);
}

/** Settings as the sliders are. @returns {Omit<Tuning, "region">} */
function readTuning() {
  return {
    vote: { k: Number(k.value), n: Number(n.value) },
    minProbability: Number(minProbability.value) / 100,
    hysteresis: Number(hysteresis.value) / 100,
    evidencePerVote: Number(evidence.value),
    cooldownSeconds: Number(cooldown.value),
  };
}

/** @param {(tuning: Omit<Tuning, "region">) => void} onChange */
export function listenToSliders(onChange) {
  for (const slider of sliders) {
    slider.addEventListener("input", () => {
      // of fewer frames than there are, no more can be needed
      if (Number(k.value) > Number(n.value)) setTo(slider === k ? n : k, Number(slider.value));
      showValue(slider);
      onChange(readTuning());
    });
  }
}

/** @param {HTMLInputElement} slider @param {number} value */
function setTo(slider, value) {
  slider.value = String(value);
  showValue(slider);
}

/** @param {HTMLInputElement} slider */
function showValue(slider) {
  const text = `${slider.value}${slider.dataset["unit"] ?? ""}`;
  element(`${slider.id}-value`).textContent = text;
  slider.setAttribute("aria-valuetext", text.trim());
}
