// Adjoint of query.wgsl: the loss of a task is Σ_k MOMENT_WEIGHT_k · mean over queries of the loss
// at moment k.
import package::shape::{
  BATCH, DEPTH, INPUT_GRADIENT, LANES, MOMENT_WEIGHT, OUTPUTS, QUERIES, QUERY_AT, QUERY_BLOCK, ROW,
  STEPS, X_AT
};
import package::memory::{lane, pass_, set_adjoint};
import package::forward_adjoint::forward_adjoint;
import package::loss::d_loss;
import package::perception::perceive_adjoint;
import package::team::team_barrier;

// Adds moment k's part to the gradient of W and b; `slot` holds the weights that were asked.
// Queries go QUERY_BLOCK at a time, the last first: a pass has whole blocks, and passes go from the
// last to the first, so that the order of sums does not depend on passes.
fn query_adjoint(k: u32, slot: u32) {
  let weight = MOMENT_WEIGHT[k] / f32(QUERIES);
  if (weight == 0.0 && !INPUT_GRADIENT) { return; }
  for (var end = pass_.last_query; end > pass_.first_query; end -= (end - 1u) % QUERY_BLOCK + 1u) {
    let begin = (end - 1u) / QUERY_BLOCK * QUERY_BLOCK;
    let first = QUERY_AT + (k * QUERIES + begin) * ROW;
    for (var at = lane; at < (end - begin) * ROW; at += LANES) {
      let q = at / ROW;
      let o = at % ROW;
      var d = 0.0;
      if (o >= X_AT[DEPTH]) {
        let output = first + q * ROW + X_AT[DEPTH];
        d = weight * d_loss(output, (STEPS * BATCH + begin + q) * OUTPUTS, o - X_AT[DEPTH]);
      }
      set_adjoint(at, d);
    }
    team_barrier();
    forward_adjoint(first, ROW, end - begin, slot);
    perceive_adjoint(first, ROW, end - begin);
  }
}
