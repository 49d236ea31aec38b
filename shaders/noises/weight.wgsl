// Every update of W adds uniform noise (Kunin et al. 2020, §3.1); NOISE is half its width.
import package::shape::{DRAWS, DRAW_NOISE, DRAW_W_AT, FAN_IN, FAN_OUT, NOISE};
import package::memory::{four, lived, present};
import package::random::drawn4;

// Counters of the noise on the first weights of neurons i … i + 3 of layer l + 1 at inner step t,
// and which of those are there.
struct Noises { at: vec4u, there: vec4f }
fn noise_rows(l: u32, i: u32, t: u32) -> Noises {
  return Noises(
    DRAW_W_AT[l] + four(i, FAN_OUT[l]) * FAN_IN[l] + lived(t) * DRAWS,
    present(i, FAN_OUT[l]));
}
fn noise_of_weight(noises: Noises, j: u32) -> vec4f {
  return NOISE * noises.there * drawn4(DRAW_NOISE, noises.at + j);
}
fn noise_of_feedback(l: u32, k: vec4u, t: u32) -> vec4f { return vec4f(0.0); }
