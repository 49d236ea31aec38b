// Four synapses of a column before the update that led to them. A rule that can be undone has no
// states, and is affine in w:
//   W_{t+1} = W_t + m (Σ_q dw_q(0) + Σ_q slope_q W_t) + noise.
import package::equation_rows::{Rows, above_in};
import package::equation::{Own, Synapse, change, slope_of_w};
import package::equation_places::below_of;
import package::noise::noise_of_weight;
import package::recall::recalled;

fn undone(rows: Rows, j: u32, own: Own, after: Synapse) -> Synapse {
  let work = rows.work;
  var still = vec4f();
  var slope = vec4f();
  for (var look = 0u; look < rows.count; look++) {
    let above = above_in(rows, look);
    let below = below_of(rows.l, work.first, look, work.slot, j);
    still += change(Synapse(), own, above, below, rows.coarse).w;
    slope += slope_of_w(own, above, below, rows.coarse);
  }
  let noise = noise_of_weight(rows.noises, j);
  let w = recalled(after.w, rows.m, still, -slope, noise);
  return Synapse(select(after.w, w, rows.there));
}
