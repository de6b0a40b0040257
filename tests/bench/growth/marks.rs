//! Functions by number, so that callgrind's profile tells pieces of work apart: the call of `ones::<B>` in
//! `sixties::<A>` is work 64 A + B.

use std::hint::black_box;

type Run<'r> = dyn FnMut() + 'r;
type Ones = fn(&mut Run<'_>);
type Sixties = fn(Ones, &mut Run<'_>);

#[inline(never)]
fn ones<const N: usize>(run: &mut Run<'_>) {
    run();
    black_box(N);
}

#[inline(never)]
fn sixties<const N: usize>(ones: Ones, run: &mut Run<'_>) {
    ones(run);
    black_box(N);
}

macro_rules! table {
    ($of:ident) => {
        table!($of: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
    };
    ($of:ident and more) => {
        table!($of: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
            64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95)
    };
    ($of:ident: $($n:literal)*) => { [$($of::<$n>),*] };
}

/// Does a piece of work as number `number`, which is below 6,144.
pub fn run(number: usize, run: &mut Run<'_>) {
    let ones: [Ones; 64] = table!(ones);
    let sixties: [Sixties; 96] = table!(sixties and more);
    sixties[number / 64](ones[number % 64], run);
}
