// W_t is recalled by undoing the update (adjoint 'reverse'), by whoever comes to a synapse, in
// place by the last of them: in one look that is cheaper than to come to it once more.
import package::equation_rows::{Rows, Work};
import package::equation::{Own, Synapse};
import package::equation_undone::undone;
import package::memory::set_weight_quad;

fn recall_before(work: Work) {}
fn recalled_at(rows: Rows, j: u32, own: Own, after: Synapse) -> Synapse {
  return undone(rows, j, own, after);
}
fn leave_recalled(at: u32, w: vec4f) { set_weight_quad(at, w); }
