// What a layer tells back of what it was told: v = Wᵀ y, of four inputs at a time, a sample by
// itself.
import package::shape::{
  BATCH, BELOW_AT, NEURON_AT, PLASTIC_COUNT, PLASTIC_LAYERS, POST, QUADS, RECORD, V, WIDTH
};
import package::memory::{
  activity, activity4, four, set_activities, set_adjoint, weight_quad4, weight_rows
};
import package::back_sweep::sweep;
import package::looks::{Cells, Sight};
import package::team::team_barrier;

struct Work { first: u32, slot: u32 }

fn tell_back(first: u32, slot: u32) {
  for (var m = 0u; m < PLASTIC_COUNT; m++) { sweep(PLASTIC_LAYERS[m], Work(first, slot)); }
  team_barrier();
}

fn told_back(l: u32, record: u32, j: u32) -> f32 { return activity(record + V + BELOW_AT[l] + j); }
fn set_d_told_back(l: u32, row: u32, j: u32, d: f32) { set_adjoint(row + V + BELOW_AT[l] + j, d); }

fn groups_of(l: u32, work: Work) -> u32 { return BATCH; }

// Four inputs of a sample: their columns of W, and where y lies.
struct Columns { post: u32, weights: vec4u, y: u32 }

fn begin(l: u32, work: Work, b: u32, cells: Cells, sight: Sight) -> Columns {
  return Columns(
    WIDTH[l + 1u], weight_rows(l, work.slot, 0u) + QUADS[l] * four(cells.at, cells.end),
    work.first + b * RECORD + POST + NEURON_AT[l]
  );
}

struct Sums { v: vec4f }

fn visit(columns: Columns, i: u32, sums: ptr<function, Sums>) {
  let y = activity4(columns.y + four(i, columns.post));
  (*sums).v += y * weight_quad4(columns.weights + i / 4u);
}

fn finish(l: u32, work: Work, b: u32, cells: Cells, sums: Sums) {
  set_activities(work.first + b * RECORD + V + BELOW_AT[l], cells.at, cells.end, sums.v);
}
