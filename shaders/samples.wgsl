// Samples: `count` rows of activities, `stride` apart from `first` on, and the slot of the weights
// that they meet.
struct Samples { first: u32, stride: u32, count: u32, slot: u32 }
