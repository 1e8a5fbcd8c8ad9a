#pragma once
// What a piece of code takes of memory, in tests that bound it.

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace infomtl::testing {

/// What tensors on the CPU take while it lives, by LibTorch's own account: the largest piece and the most at a time.
class TensorMemory final : public c10::Allocator {
 public:
  TensorMemory() : inner_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this, kPriority); }
  ~TensorMemory() override { c10::SetCPUAllocator(inner_, kPriority); }
  TensorMemory(const TensorMemory&) = delete;
  TensorMemory& operator=(const TensorMemory&) = delete;

  c10::DataPtr allocate(std::size_t bytes) override {
    const auto wanted = static_cast<std::int64_t>(bytes);
    largest = std::max(largest, wanted);
    held_ += wanted;
    most = std::max(most, held_.load());
    auto* piece = new Piece{inner_->allocate(bytes), wanted};
    return {piece->memory.get(), piece, &release, piece->memory.device()};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { inner_->copy_data(to, from, bytes); }

  std::int64_t largest = 0, most = 0;

 private:
  struct Piece {
    c10::DataPtr memory;
    std::int64_t bytes;
  };
  static void release(void* context) {
    auto* piece = static_cast<Piece*>(context);
    held_ -= piece->bytes;
    delete piece;
  }
  static constexpr std::uint8_t kPriority = 255;
  static inline std::atomic<std::int64_t> held_{0};
  c10::Allocator* inner_;
};

}  // namespace infomtl::testing
