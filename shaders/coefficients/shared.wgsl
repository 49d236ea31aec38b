// Coefficients of rules are the meta-parameters, the same for every task.
import package::memory::{parameter, parameters};

// k: place among the meta-parameters. And four of them.
fn coefficient(k: u32) -> f32 { return parameter(k); }
fn coefficient_quad(q: u32) -> vec4f { return parameters[q]; }
