//! When FromDevice looks for packets again after it has found none.

use super::FromDevice;
use weft_core::{Interest, Router, Task};
use weft_io::reason;

/// How long a broken device is left alone, in nanoseconds.
const RETRY_AFTER: u64 = 100_000_000;
/// Keys of the timers.
const RETRY: u32 = 0;
const COUNT_DROPS: u32 = 1;
/// How many errors are told.
const COMPLAINTS: u32 = 5;

impl FromDevice {
    /// Waits for the descriptor that tells of packets.
    fn watch(&mut self, router: &mut Router) {
        let wanted = self.device.as_ref().and_then(|d| d.driver.receive_fd());
        if wanted == self.watched {
            return;
        }
        if let Some(fd) = self.watched.take() {
            router.unwatch(fd);
        }
        if let Some(fd) = wanted {
            router.watch(fd, Interest::Read);
        }
        self.watched = wanted;
    }

    pub(super) fn unwatch(&mut self, router: &mut Router) {
        if let Some(fd) = self.watched.take() {
            router.unwatch(fd);
        }
    }

    /// Looks for more packets for a while when that paid off before, then sleeps.
    pub(super) fn rest(&mut self, router: &mut Router) -> Task {
        let now = router.clock.refresh();
        let driver = self.device.as_ref().map(|d| &d.driver);
        if driver.is_some_and(|d| d.wants_polling()) {
            return Task::Again;
        }
        match driver.and_then(|d| d.check_after()) {
            // Under load packets come a block at a time: looking for single ones is in vain.
            Some(after) => router.set_timer(RETRY, now + after),
            None if self.spin.goes_on(now) => return Task::Again,
            None => {}
        }
        // Drops of this burst would wait for the next one.
        if let Some(at) = self.drops.due(self.spin.last_packet()) {
            router.set_timer(COUNT_DROPS, at);
        }
        self.watch(router);
        Task::Sleep
    }

    pub(super) fn complain(&mut self, error: &std::io::Error, router: &mut Router) {
        self.complaints += 1;
        if self.complaints <= COMPLAINTS {
            let line = format!("FromDevice({}): {}", self.options.device, reason(error));
            router.console.line(&line);
        }
        // The descriptor may tell of the same error for ever.
        self.unwatch(router);
        let at = router.clock.refresh() + RETRY_AFTER;
        router.set_timer(RETRY, at);
    }
}
