// Adam (Kingma & Ba 2015) over the flat buffer of meta-parameters, each tensor at its own rate:
//   m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,
//   p ← p − rate · (m / (1 − β₁ⁿ)) / (√(v / (1 − β₂ⁿ)) + ε).
// Nothing changes if fewer than FEWEST tasks were counted, or if undoing the updates drifted so far
// that the gradient cannot be trusted.
import package::shape::{CLIP, COLLECTING, COLLECTORS, DRIFT_LIMIT, FEWEST, PARAMETERS, TENSORS};
import package::collect::{COUNTED, DRIFT, mean_norm, total};

const TENSOR_QUADS = (TENSORS + 3u) / 4u;

struct Rates {
  // of each tensor, in the order of src/parameters/layout.ts: where it begins, and its rate
  start: array<vec4u, TENSOR_QUADS>,
  rate: array<vec4f, TENSOR_QUADS>,
  correction1: f32,           // 1 − β₁ⁿ
  correction2: f32,           // 1 − β₂ⁿ
}

@group(0) @binding(11) var<uniform> rates: Rates;
// in their places, as are the moments
@group(0) @binding(1) var<storage, read_write> learned: array<f32, PARAMETERS>;
@group(0) @binding(12) var<storage, read_write> moment1: array<f32, PARAMETERS>;
@group(0) @binding(13) var<storage, read_write> moment2: array<f32, PARAMETERS>;

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

fn start_of(tensor: u32) -> u32 { return rates.start[tensor / 4u][tensor % 4u]; }

@compute @workgroup_size(COLLECTING)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let shorter = min(1.0, CLIP / max(mean_norm(lane), 1e-30));
  if (total[COUNTED] < FEWEST || total[DRIFT] > DRIFT_LIMIT) { return; }
  var tensor = 0u;    // of the whole quad
  for (var q = group_id.x * COLLECTING + lane; q < PARAMETERS / 4u; q += COLLECTORS * COLLECTING) {
    while (tensor + 1u < TENSORS && 4u * q >= start_of(tensor + 1u)) { tensor++; }
    let rate = rates.rate[tensor / 4u][tensor % 4u];
    for (var k = 4u * q; k < 4u * q + 4u; k++) {
      let g = total[k] * shorter;
      let m = BETA1 * moment1[k] + (1.0 - BETA1) * g;
      let v = BETA2 * moment2[k] + (1.0 - BETA2) * g * g;
      moment1[k] = m;
      moment2[k] = v;
      learned[k] -= rate * (m / rates.correction1) / (sqrt(v / rates.correction2) + EPSILON);
    }
  }
}
