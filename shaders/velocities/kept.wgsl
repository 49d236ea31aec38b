// Velocities of updates with momentum lie PLASTIC_SIZE behind their weights, and d_v as far behind
// d_W as VELOCITY_GRADIENT says. at: the quad of the weights, or of their gradient.
import package::shape::{PLASTIC_SIZE, VELOCITY_GRADIENT};
import package::memory::{gradient_quad, set_gradient_quad, set_weight_quad, weight_quad};
import package::lanes::join_rows;

fn read_velocity(at: u32) -> vec4f { return weight_quad(at + PLASTIC_SIZE / 4u); }
fn write_velocity(at: u32, v: vec4f) { set_weight_quad(at + PLASTIC_SIZE / 4u, v); }
fn read_d_velocity(at: u32) -> vec4f { return gradient_quad(at + VELOCITY_GRADIENT / 4u); }
fn write_d_velocity(at: u32, d: vec4f) { set_gradient_quad(at + VELOCITY_GRADIENT / 4u, d); }

// What lanes found of d_μ in the same rows.
fn join_momentum(l: u32, d: vec4f) -> vec4f {
  let joined = join_rows(l, mat4x4f(d, vec4f(), vec4f(), vec4f()));
  return joined[0];
}
