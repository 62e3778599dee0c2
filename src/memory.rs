//! Memory of the process.

#![allow(unsafe_code)]

use std::{fs, path::Path};

/// The allocator of a static binary. musl's has one lock for all workers, and maps and unmaps each larger block.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of memory that the control groups of this process allow, as of a container; none without a limit.
pub fn limit() -> Option<u64> {
    let limit = |line: &str| {
        // `0::/group` in version 2 (cgroups(7)), `4:memory:/group` in version 1.
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        let (root, file) = match controllers {
            "" => (Path::new("/sys/fs/cgroup"), "memory.max"),
            "memory" => (Path::new("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        // The limits of the groups above it hold, too. "max" is none.
        let group = root.join(group.trim_start_matches('/'));
        let groups = group.ancestors().take_while(|dir| dir.starts_with(root));
        groups.filter_map(|dir| fs::read_to_string(dir.join(file)).ok()?.trim().parse().ok()).min()
    };
    fs::read_to_string("/proc/self/cgroup").ok()?.lines().filter_map(limit).min()
}

/// Has the allocator map each block of 128 KiB or more by itself, and so give it back as soon as it is freed. glibc
/// raises this threshold to the size of the first such block that is freed (mallopt(3)): memory of the size of a picture
/// would then stay behind in the arena of each thread that has drawn one.
pub fn map_large_blocks() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes no pointer. It fails only for a threshold that is too large, which changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
    }
}

/// Gives freed memory back to the system. The allocator keeps it for the next allocation, but between two answers
/// nothing needs the 10 MB that rendering takes, and between two bursts of connections nothing needs their buffers.
pub fn release_freed() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes no pointer, and every thread may call it at any time (malloc_trim(3), MT-Safe).
    unsafe {
        libc::malloc_trim(0);
    }
    #[cfg(target_env = "musl")]
    // SAFETY: it takes no pointer, and frees only what this thread has freed already.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
