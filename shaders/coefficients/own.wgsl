// Every task has coefficients of its own (a sweep of settings side by side): they come behind its
// targets.
import package::shape::{OUTPUTS, PARAMETERS, SAMPLES, SETTINGS};
import package::memory::wanted;

// k: place among the meta-parameters, whose last SETTINGS numbers they replace. And four of them.
fn coefficient(k: u32) -> f32 { return wanted(SAMPLES * OUTPUTS + k + SETTINGS - PARAMETERS); }
fn coefficient_quad(q: u32) -> vec4f {
  let k = 4u * q;
  return vec4f(coefficient(k), coefficient(k + 1u), coefficient(k + 2u), coefficient(k + 3u));
}
