// Every task has coefficients of its own (a sweep of settings side by side): they come behind its
// targets.
import package::shape::{OUTPUTS, PARAMETERS, SAMPLES, SETTINGS};
import package::memory::wanted;

// k: place among the meta-parameters, whose last SETTINGS numbers they replace. And four of them.
fn coefficient(k: u32) -> f32 { return wanted(SAMPLES * OUTPUTS + k + SETTINGS - PARAMETERS); }
fn coefficient_quad(q: u32) -> vec4f { return vec4f(coefficient(4u * q), coefficient(4u * q + 1u), coefficient(4u * q + 2u), coefficient(4u * q + 3u)); }
