// Adjoint of query.wgsl: the loss of a task is Σ_k MOMENT_WEIGHT_k · mean over queries of the loss
// at moment k.
import package::shape::{
  BATCH, DEPTH, INPUT_GRADIENT, LANES, MOMENT_WEIGHT, OUTPUTS, QUERIES, QUERY_AT, ROW, STEPS, X_AT
};
import package::memory::{lane, set_adjoint};
import package::forward_adjoint::forward_adjoint;
import package::loss::d_loss;
import package::perception::perceive_adjoint;
import package::team::team_barrier;

// Adds moment k's part to the gradient of W and b; `slot` holds the weights that were asked.
fn query_adjoint(k: u32, slot: u32) {
  if (MOMENT_WEIGHT[k] == 0.0 && !INPUT_GRADIENT) { return; }
  let first = QUERY_AT + k * QUERIES * ROW;
  for (var at = lane; at < QUERIES * ROW; at += LANES) {
    let q = at / ROW;
    let o = at % ROW;
    var d = 0.0;
    if (o >= X_AT[DEPTH]) {
      let output = first + q * ROW + X_AT[DEPTH];
      d = MOMENT_WEIGHT[k] / f32(QUERIES) * d_loss(output, (STEPS * BATCH + q) * OUTPUTS, o - X_AT[DEPTH]);
    }
    set_adjoint(at, d);
  }
  team_barrier();
  forward_adjoint(first, ROW, QUERIES, slot);
  perceive_adjoint(first, ROW, QUERIES);
}
