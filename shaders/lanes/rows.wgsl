// Lanes share no row: what one found along its rows is all there is.
fn join_rows(l: u32, values: mat4x4f) -> mat4x4f { return values; }
