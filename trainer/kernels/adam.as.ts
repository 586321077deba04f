// One step of Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019).

import { at } from "./memory.as";

/**
 * Writes the new parameters to `out` and updates the two moments in place.
 * `rate` is the learning rate with the bias corrections of both moments in it, `decay` the share of each parameter
 * that this step removes. The parameters are never overwritten: XNNPACK keeps packed copies by tensor.
 */
export function adamStep(
  parameters: usize,
  gradient: usize,
  first: usize,
  second: usize,
  out: usize,
  count: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
): void {
  const keep: f32 = 1 - decay;
  const vectored = count & ~3;
  let i = 0;
  for (; i < vectored; i += 4) {
    const g = v128.load(at(gradient, i));
    const m = f32x4.add(
      f32x4.mul(f32x4.splat(beta1), v128.load(at(first, i))),
      f32x4.mul(f32x4.splat(1 - beta1), g),
    );
    const v = f32x4.add(
      f32x4.mul(f32x4.splat(beta2), v128.load(at(second, i))),
      f32x4.mul(f32x4.splat(1 - beta2), f32x4.mul(g, g)),
    );
    v128.store(at(first, i), m);
    v128.store(at(second, i), v);
    const step = f32x4.div(f32x4.mul(f32x4.splat(rate), m), f32x4.add(f32x4.sqrt(v), f32x4.splat(epsilon)));
    v128.store(at(out, i), f32x4.sub(f32x4.mul(f32x4.splat(keep), v128.load(at(parameters, i))), step));
  }
  for (; i < count; i++) {
    const g = load<f32>(at(gradient, i));
    const m = beta1 * load<f32>(at(first, i)) + (1 - beta1) * g;
    const v = beta2 * load<f32>(at(second, i)) + (1 - beta2) * (g * g);
    store<f32>(at(first, i), m);
    store<f32>(at(second, i), v);
    store<f32>(at(out, i), keep * load<f32>(at(parameters, i)) - (rate * m) / (sqrt<f32>(v) + epsilon));
  }
}
