// Every update of B adds uniform noise, as published for Kolen-Pollack (Kunin et al. 2020, §3.1);
// NOISE is half its width.
import package::shape::{DRAWS, DRAW_B_AT, DRAW_NOISE, NOISE};
import package::memory::lived;
import package::random::drawn4;

struct Noises { unused: u32 }
fn noise_rows(l: u32, i: u32, t: u32) -> Noises { return Noises(0u); }
fn noise_of_weight(noises: Noises, j: u32) -> vec4f { return vec4f(0.0); }
fn noise_of_feedback(l: u32, k: vec4u, t: u32) -> vec4f {
  return NOISE * drawn4(DRAW_NOISE, DRAW_B_AT[l] + k + lived(t) * DRAWS);
}
