// Birth: with what weights does a lifetime begin? Slot 0 takes W_0, and B_0 where a lifetime keeps its own; velocities begin at 0.
import package::shape::{BIRTH_B_DRAWN, B_AT, DEPTH, DRAW_B_AT, DRAW_B_LIMIT, DRAW_WEIGHTS, FAST_AT, FAST_B_AT, FEEDBACK_SIZE, LANES, PLASTIC, PLASTIC_SIZE, VELOCITIES, WIDTH};
import package::memory::{lane, parameters, set_weight};
import package::born::{initial_weight, source_of_weights};
import package::random::drawn;
import package::team::team_barrier;

// B_0 of a layer that keeps its own.
fn initial_feedback(l: u32, k: u32) -> f32 {
  if (BIRTH_B_DRAWN) { return DRAW_B_LIMIT[l] * drawn(DRAW_WEIGHTS, DRAW_B_AT[l] + k); }
  return parameters[B_AT[l] + k];
}

// Fills slot 0, and what frozen layers keep in their only place.
fn birth() {
  for (var l = 0u; l < DEPTH; l++) {
    let count = WIDTH[l] * WIDTH[l + 1u];
    let w = FAST_AT[l];
    let source = source_of_weights(l);
    for (var k = lane; k < count; k += LANES) {
      set_weight(w + k, initial_weight(source, k));
      if (VELOCITIES && PLASTIC[l]) { set_weight(w + PLASTIC_SIZE + k, 0.0); }
    }
    let feedback_count = FEEDBACK_SIZE[l];
    let b = FAST_B_AT[l];
    for (var k = lane; k < feedback_count; k += LANES) { set_weight(b + k, initial_feedback(l, k)); }
  }
  team_barrier();
}
