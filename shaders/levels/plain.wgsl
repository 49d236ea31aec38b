// Levels of pixels j … j + 3 as they are stored, 0 … 1.
fn levels_of(stored: vec4f, j: u32) -> vec4f { return stored; }
