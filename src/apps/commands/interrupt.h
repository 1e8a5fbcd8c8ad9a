#pragma once
// Ctrl-C (and a scheduler's SIGTERM, a terminal's SIGHUP): the first ends a run after the step in hand, the second the
// program at once.

#include <atomic>
#include <string>

namespace infomtl::commands {

/// From here on interrupts set the flag. @return the flag, for fit()
const std::atomic<bool>* catch_interrupts();

/// Exit status 130 where the flag is set, after saying how to continue; else 0.
int status_after_training(const std::string& cure);

}  // namespace infomtl::commands
