#pragma once
// File lock: keeps other processes from what a file stands for, as long as this one lives.
//
//   const auto lock = lock_file(run / ".lock");
//   if (lock == nullptr) throw UserError("another process is at it");

#include <filesystem>
#include <memory>

#include "infomtl/core/export.h"

namespace infomtl {

/// Makes the file if need be and locks it until the last copy of what is returned goes away; nothing is returned where
/// another process (or another lock of this one) holds it. is_locked() holds it for a moment, too, so it is tried for 0.1 s.
/// The file stays: taking it away would let two processes in. @throws IoError where it cannot be opened
INFOMTL_API std::shared_ptr<const void> lock_file(const std::filesystem::path& file);

/// Whether another process, or a lock of this one, holds the file; nothing is made.
INFOMTL_API bool is_locked(const std::filesystem::path& file);

}  // namespace infomtl
