#pragma once
// Event files that TensorBoard reads: records framed as TFRecord, each an `Event` message of
// tensorflow/core/util/event.proto. Only what scalars need is written.
//
//   EventWriter events(run_folder, /*first_step=*/0);
//   events.scalars(step, {{"loss/hate/supervised", 0.61}});

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infomtl {

/// CRC-32C (Castagnoli), as TFRecord masks it: rotated right by 15 and shifted by a constant.
std::uint32_t masked_crc32c(std::string_view bytes);

/// One framed record: length, its checksum, the bytes, their checksum; all little-endian.
std::string tfrecord(std::string_view bytes);

/// The messages, encoded. wall_time: seconds since 1970.
std::string version_event(double wall_time);
/// Tells TensorBoard that a run (re)starts: scalars of this step and later from earlier files no longer count.
std::string session_start_event(double wall_time, std::int64_t step);
std::string scalars_event(double wall_time, std::int64_t step,
                          const std::vector<std::pair<std::string, double>>& scalars);

class EventWriter {
 public:
  /// Opens a new event file in `folder`. @throws IoError
  EventWriter(const std::filesystem::path& folder, std::int64_t first_step);
  /// Appends and flushes, so that a live TensorBoard sees it. @throws IoError
  void scalars(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars);

 private:
  void append(const std::string& event);
  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace infomtl
