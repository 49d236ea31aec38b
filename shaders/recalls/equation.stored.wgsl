// Synapses as they were before the step lie in their slot.
import package::equation_rows::{Rows, Work};
import package::equation::{Own, Synapse};

fn recall_before(work: Work) {}
fn recalled_at(rows: Rows, j: u32, own: Own, after: Synapse) -> Synapse { return after; }
fn leave_recalled(at: u32, w: vec4f) {}
