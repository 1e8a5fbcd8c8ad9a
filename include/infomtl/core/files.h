#pragma once
// Files: whole-file reading with errors that name the file, writing that never leaves half a file behind.
//
//   std::string text = read_file("results.json");
//   write_file_atomically("results.json", text);
//   write_folder_atomically("run/checkpoints/last", [](const auto& unfinished) { /* write every file in there */ });

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

/// The whole file as bytes. @throws IoError naming the file and the system's reason (a folder is one), a link that leads
/// nowhere, or that the file is a Git LFS pointer
INFOMTL_API std::string read_file(const std::filesystem::path& file);

/// Whether a path names a descriptor that the process has open: /dev/stdin, /dev/fd/3, or a shell's <(...).
INFOMTL_API bool names_descriptor(const std::filesystem::path& file);

/// Refuses a pipe, a socket or a device in place of a file: reading a pipe that nobody writes to never ends. What is not
/// there, a folder and an open descriptor pass. @throws IoError
INFOMTL_API void need_regular_file(const std::filesystem::path& file);

/// read_file() of what need_regular_file() lets pass: for files that are read as a whole and may be read again. @throws IoError
INFOMTL_API std::string read_regular_file(const std::filesystem::path& file);

/// Whether a file or folder is there. @throws IoError naming where the link leads that leads nowhere
INFOMTL_API bool is_there(const std::filesystem::path& file);

/// Whether a file's content only says where Git LFS keeps it.
INFOMTL_API bool is_lfs_pointer(std::string_view content);
/// @throws IoError naming the file, with the cure, where its content does
INFOMTL_API void refuse_lfs_pointer(std::string_view content, const std::string& file);

/// Writes beside `file`, flushes to the disk, renames: readers see the old content or the new, never a part. Missing
/// parent folders are made. Several writers at once are fine: the last rename wins.
/// @throws IoError
INFOMTL_API void write_file_atomically(const std::filesystem::path& file, std::string_view content);

/// Removes what killed calls of write_file_atomically left in a folder into which nobody writes at the time.
INFOMTL_API void remove_unfinished_files(const std::filesystem::path& folder);

/// Fills a new folder beside `folder`, flushes every file in it, and renames it to `folder`. A folder already there is
/// replaced; it survives, whole, anything that goes wrong before the rename, SIGKILL included. recover_folder() puts
/// the old one back when a process died between the two renames. Missing parent folders are made.
/// Writers of folders with the same parent wait for each other, so `fill` must not write a folder beside `folder`.
/// @throws what `fill` throws, after removing the unfinished folder; IoError
INFOMTL_API void write_folder_atomically(const std::filesystem::path& folder,
                                         const std::function<void(const std::filesystem::path& unfinished)>& fill);

/// Undoes what a killed write_folder_atomically left: removes unfinished folders and restores the old one if the new
/// one never got its name. Call before reading `folder`; does nothing while a live process is writing there.
INFOMTL_API void recover_folder(const std::filesystem::path& folder);

}  // namespace infomtl
