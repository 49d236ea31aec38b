// Birth: every lifetime starts from the inherited weights, W_0 = W.
import package::shape::{DEPTH, FAST_AT, LANES, WEIGHT_AT, WIDTH};
import package::memory::{lane, parameters, set_weight};
import package::team::team_barrier;

// Copies the initial weights to slot 0 (and those of frozen layers to their only place).
fn birth() {
  for (var l = 0u; l < DEPTH; l++) {
    for (var k = lane; k < WIDTH[l] * WIDTH[l + 1u]; k += LANES) { set_weight(FAST_AT[l] + k, parameters[WEIGHT_AT[l] + k]); }
  }
  team_barrier();
}
