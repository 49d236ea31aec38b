// How layers look at a sample where all are dense: once, at all of x_{l−1}.
import package::shape::{SHARE, WIDTH};
import package::memory::fours;

// How often layer l + 1 looks at so many samples.
fn looks(l: u32, samples: u32) -> u32 { return samples; }

// And at one sample.
fn positions(l: u32) -> u32 { return 1u; }

// SHARE of a look in an update of layer l + 1.
fn share(l: u32) -> f32 { return SHARE; }

// Where what a look sees begins, counted from the first sample's x_l; and its neurons, counted from
// the first sample's. Samples lie `stride` apart.
fn seen_from(l: u32, look: u32, stride: u32) -> u32 { return look * stride; }
fn seen_from4(l: u32, looks: vec4u, stride: u32) -> vec4u { return looks * stride; }
fn neurons_from(l: u32, look: u32, stride: u32) -> u32 { return look * stride; }
fn neurons_from4(l: u32, looks: vec4u, stride: u32) -> vec4u { return looks * stride; }

// How far behind the first input that a neuron of layer l + 1 sees input j lies.
fn reach(l: u32, j: u32) -> u32 { return j; }
fn reach4(l: u32, j: vec4u) -> vec4u { return j; }

// Is input j in a look there? It may lie in zeros around x_l.
fn sees(l: u32, look: u32, j: u32) -> bool { return true; }

// Up to four numbers of x_l beside each other: where they begin in it, where its numbers end, and
// which of them the first is.
struct Cells { at: u32, end: u32, number: u32 }
fn cell_blocks(l: u32) -> u32 { return fours(WIDTH[l]); }
fn cells_of(l: u32, block: u32) -> Cells { return Cells(4u * block, WIDTH[l], 4u * block); }

// Number k of x_l alone.
fn cell_of(l: u32, k: u32) -> Cells { return Cells(k, k + 1u, k); }

// Where states of neurons lie among those of x_l: of cells, of input j of layer l + 1 in a look;
// and among those of x_{l+1} of the first neuron of a look.
fn states_of(l: u32, cells: Cells) -> u32 { return cells.at; }
fn state_seen(l: u32, look: u32, j: u32) -> u32 { return j; }
fn states_above(l: u32, look: u32) -> u32 { return 0u; }

// Where number k of x_l lies in it, and where that of an input does, as data have it.
fn cell_at(l: u32, k: u32) -> u32 { return k; }
fn pixel_at(l: u32, k: u32) -> u32 { return k; }

// Who sees cells: in which look, and as which of its inputs the first of them.
struct Sight { there: bool, look: u32, column: u32 }
fn sights(l: u32) -> u32 { return 1u; }
fn sight_of(l: u32, cells: Cells, s: u32) -> Sight { return Sight(true, 0u, cells.at); }
