// Rows of a layer are divided among the lanes of a task, and where sums over rows are asked,
// columns.
import package::shape::{LANES, QUADS, WIDTH};
import package::memory::lane;
import package::own::Own;

// A lane's own synapses of layer l + 1; and those that it goes through where sums over rows are
// asked: all rows of its columns.
fn own_of(l: u32) -> Own { return Own(lane * 4u, LANES * 4u, 0u, 4u, 0u); }
fn summed_of(l: u32) -> Own { return Own(0u, 4u, 0u, 4u, 0u); }

// Turns in which a lane comes to its blocks of every four rows, or of every four columns, `groups`
// of each; and the block, group by group.
fn row_turns(l: u32, groups: u32) -> u32 { return turns_of(groups * QUADS[l]); }
fn row_block(l: u32, turn: u32) -> u32 { return turn * LANES + lane; }
fn sum_turns(l: u32, groups: u32) -> u32 { return turns_of(groups * ((WIDTH[l] + 3u) / 4u)); }
fn column_block(l: u32, turn: u32, part: u32) -> u32 { return turn * LANES + lane; }
fn told_block(l: u32, turn: u32, part: u32) -> u32 { return turn * LANES + lane; }
fn turns_of(blocks: u32) -> u32 {
  if (LANES == 1u) { return blocks; }
  return (blocks + LANES - 1u - lane) / LANES;
}

// Has a row columns where a tile begins, and is j one? Tiles that reach beyond the last are those
// of many products.
fn has_tile(l: u32, tile: u32) -> bool { return true; }
fn has_column(l: u32, j: u32, pre: u32) -> bool { return j < pre; }

// What lanes found of the same rows or columns together: nobody shares them.
fn row_sums(l: u32, count: u32, values: mat4x4f) -> mat4x4f { return values; }
fn column_sums(l: u32, count: u32, values: mat4x4f) -> mat4x4f { return values; }
