//! The frame pool through its public interface: sharing, growing, shrinking, giving back.

use weft_core::{HEADROOM, MAX_FRAME, Pool, PoolSize};

fn pool() -> Pool {
    Pool::new(PoolSize { small: 4, large: 2 }).expect("memory")
}

#[test]
fn a_clone_shares_bytes_until_one_of_them_is_written() {
    let mut pool = pool();
    let mut a = pool.copy_in(b"hello").unwrap();
    a.set_paint(3);
    let b = pool.duplicate(&a);
    assert_eq!(pool.in_use(), 1);
    pool.data_mut(&mut a).unwrap()[0] = b'J';
    assert_eq!(
        (pool.data(&a), pool.data(&b), b.paint()),
        (&b"Jello"[..], &b"hello"[..], 3)
    );
    assert_eq!(pool.in_use(), 2);
    pool.free(a);
    pool.free(b);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn writing_a_shared_packet_without_a_free_frame_fails_and_changes_nothing() {
    let mut pool = pool();
    let mut packets: Vec<_> = (0..4).map(|i| pool.copy_in(&[i]).unwrap()).collect();
    let clone = pool.duplicate(&packets[0]);
    assert!(pool.data_mut(&mut packets[0]).is_none());
    assert!(pool.copy_in(b"x").is_none());
    packets.push(clone);
    pool.free_all(&mut packets);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn growing_beyond_the_slot_moves_the_packet_and_its_headers() {
    let mut pool = pool();
    let mut p = pool.copy_in(b"payload").unwrap();
    p.set_mac_here();
    p.set_network(2, 3);
    p.set_paint(9);
    assert!(pool.push(&mut p, HEADROOM + 200).is_some());
    assert_eq!(&pool.data(&p)[HEADROOM + 200..], b"payload");
    assert_eq!(pool.from_position(&p, p.network().unwrap()), b"yload");
    assert_eq!(pool.from_position(&p, p.transport().unwrap()), b"ad");
    assert_eq!(p.paint(), 9);
    assert!(pool.put(&mut p, 3000).is_some(), "into a large slot");
    assert_eq!(&pool.data(&p)[HEADROOM + 200..HEADROOM + 207], b"payload");
    assert!(
        pool.put(&mut p, MAX_FRAME).is_none(),
        "longer than any frame"
    );
    pool.free(p);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn shrinking_is_refused_beyond_the_length() {
    let mut pool = pool();
    let mut p = pool.copy_in(b"abcdef").unwrap();
    assert!(p.pull(2) && p.take(3));
    assert_eq!(pool.data(&p), b"c");
    assert!(!p.pull(2) && !p.take(2));
    assert_eq!(pool.data(&p), b"c");
    assert!(pool.push(&mut p, 2).is_some());
    assert_eq!(pool.data(&p), b"abc");
    pool.free(p);
}

#[test]
fn a_64_kilobyte_packet_fits_a_large_slot() {
    let mut pool = pool();
    let bytes: Vec<u8> = (0..MAX_FRAME).map(|i| i as u8).collect();
    let p = pool.copy_in(&bytes).unwrap();
    let q = pool.duplicate(&p);
    assert_eq!(pool.data(&q), bytes);
    pool.free(p);
    pool.free(q);
    assert!(pool.alloc(MAX_FRAME + 60_000, HEADROOM).is_none());
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn side_records_are_copied_with_a_clone_and_given_back() {
    let mut pool = pool();
    let mut a = pool.copy_in(b"x").unwrap();
    pool.side_mut(&mut a).anno.0[24] = 7;
    let mut b = pool.duplicate(&a);
    pool.side_mut(&mut b).anno.0[24] = 8;
    assert_eq!(pool.side(&a).unwrap().anno.0[24], 7);
    pool.free(a);
    pool.free(b);
    assert_eq!((pool.in_use(), pool.side_in_use()), (0, 0));
}
