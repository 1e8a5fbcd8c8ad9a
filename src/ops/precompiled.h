// What every torch-using file of the library compiles against; a torch header costs 8 to 18 seconds per file without it.
#pragma once
#include <torch/autograd.h>
#include <torch/nn/module.h>
#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
