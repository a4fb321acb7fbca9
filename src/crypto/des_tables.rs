//! The tables of DES in the shape [`super::des`] uses them, computed at compile time from those of FIPS 46-3.

/// E(P(S(x))) for every S-box, S8 first (the byte of lowest value), as an expanded half.
pub(super) static SP: [[u64; 64]; 8] = substitution_tables();

/// Permuted choice 2 of the left key half, seven bits at a time from the lowest, one byte per S-box 1–4.
pub(super) static PC2_LEFT: [[u32; 128]; 4] = choice_tables(0);

/// Permuted choice 2 of the right key half, for S-boxes 5–8.
pub(super) static PC2_RIGHT: [[u32; 128]; 4] = choice_tables(1);

/// The E table: eight nibbles, one per byte, each get their neighbours' nearest bits.
pub(super) const fn expand_lanes(nibbles: u64) -> u64 {
    let from_left = nibbles.rotate_right(8) & LANE_BIT;
    let from_right = nibbles.rotate_left(8) >> 3 & LANE_BIT;
    nibbles << 1 | from_left << 5 | from_right
}

const fn substitution_tables() -> [[u64; 64]; 8] {
    let mut tables = [[0; 64]; 8];
    let mut lane = 0;
    while lane < 8 {
        let mut input = 0;
        while input < 64 {
            let (row, column) = (input >> 4 & 2 | input & 1, input >> 1 & 15);
            let output = S_BOXES[7 - lane][row * 16 + column] as u32;
            tables[lane][input] = expand_lanes(spread(permute(output << (4 * lane))));
            input += 1;
        }
        lane += 1;
    }
    tables
}

/// The P table.
const fn permute(bits: u32) -> u32 {
    let mut result = 0;
    let mut place = 0;
    while place < 32 {
        result = result << 1 | bits >> (32 - P[place]) & 1;
        place += 1;
    }
    result
}

/// One nibble per byte.
const fn spread(bits: u32) -> u64 {
    let mut lanes = 0;
    let mut lane = 0;
    while lane < 8 {
        lanes |= ((bits >> (4 * lane) & 15) as u64) << (8 * lane);
        lane += 1;
    }
    lanes
}

const fn choice_tables(half: usize) -> [[u32; 128]; 4] {
    let mut tables = [[0; 128]; 4];
    let mut table = 0;
    while table < 4 {
        let mut bits = 0;
        while bits < 128 {
            tables[table][bits] = choose(half, (bits as u32) << (7 * table));
            bits += 1;
        }
        table += 1;
    }
    tables
}

/// Permuted choice 2 of one 28-bit half: four bytes of six bits.
const fn choose(half: usize, bits: u32) -> u32 {
    let mut result = 0;
    let mut place = 0;
    while place < 24 {
        let from = PC2[24 * half + place] as u32 - 28 * half as u32;
        let bit = bits >> (28 - from) & 1;
        let (lane, within) = (3 - place / 6, 5 - place % 6);
        result |= bit << (8 * lane + within);
        place += 1;
    }
    result
}

const LANE_BIT: u64 = 0x0101_0101_0101_0101;

const P: [u32; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6,
    22, 11, 4, 25,
];

const PC2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37,
    47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

#[rustfmt::skip]
const S_BOXES: [[u8; 64]; 8] = [
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7,
        0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
        4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0,
        15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
    ],
    [
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10,
        3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
        0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15,
        13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
    ],
    [
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8,
        13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
        13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7,
        1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
    ],
    [
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15,
        13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
        10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4,
        3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
    ],
    [
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9,
        14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
        4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14,
        11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
    ],
    [
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11,
        10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
        9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6,
        4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
    ],
    [
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1,
        13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
        1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2,
        6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
    ],
    [
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7,
        1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
        7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8,
        2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
    ],
];
