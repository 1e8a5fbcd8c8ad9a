#pragma once
// Heads: the built-in ones, from code.
//
//   MultiTaskModel model(encoder, gaussian_heads(tasks, {.dropout = 0.2}));
//
// The model makes each head once it knows the width of the representation. Settings are checked as a config's are.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/data/task.h"
#include "infomtl/model/head.h"

namespace infomtl {

struct INFOMTL_API LinearHeadSettings {
  std::int64_t hidden = 0;          ///< width of the hidden layer, 0 for none
  std::string activation = "relu";  ///< of the hidden layer: a name of ops::activation_names()
  double dropout = 0.0;             ///< rate of dropping before each linear map, in [0, 1)
  bool relu_input = false;          ///< apply ReLU to the representation first, as CIFM does
  void fields(FieldVisitor& f);
};

struct INFOMTL_API GaussianHeadSettings {
  std::int64_t hidden = 0;          ///< width of the hidden layer of both nets, 0 for none
  std::string activation = "relu";  ///< of the hidden layers: a name of ops::activation_names()
  double dropout = 0.0;             ///< rate of dropping before each linear map of the mean net, in [0, 1)
  bool dropout_variance = false;    ///< the same dropout in the log-variance net (SPC has it in the mean only)
  bool unit_input = false;          ///< bring the representation to Euclidean length 1 first, an option of SPC's code
  double log_variance_low = -10.0, log_variance_high = 10.0;  ///< the log-variance is clamped between them
  /// Added to the bias of the log-variance at the start: 0 starts with samples of standard deviation 1, many times what
  /// the means of an untrained head differ by; Alemi et al. (ICLR 2017) start near exp(-5).
  double initial_log_variance = 0.0;
  void fields(FieldVisitor& f);
};

struct INFOMTL_API FeedbackHeadSettings {
  std::int64_t rounds = 2;           ///< how often the heads are run on the same rows; 1: no feedback
  std::int64_t layers = 1;           ///< hidden layers of width D before the output layer
  std::string activation = "relu";   ///< of the hidden layers: a name of ops::activation_names()
  double dropout = 0.0;              ///< rate of dropping before each layer, in [0, 1)
  std::vector<std::string> reads{};  ///< tasks whose heads are read; empty: all others
  bool detach = false;               ///< no gradient through what is read
  /// Of the gates' straight-through gradient: falls exponentially from the one to the other over so many optimiser steps.
  double temperature_from = 1.0, temperature_to = 0.5;
  std::int64_t temperature_steps = 1000;
  double gate_learning_rate = 1e-2;  ///< peak, of the gates; 0: the optimiser's, at which they hardly move
  void fields(FieldVisitor& f);
};

struct INFOMTL_API BayesianHeadSettings {
  /// "own": parameters of the head; "generated": what the architecture proposes (Architecture::head_weights()).
  std::string weights = "own";
  bool bias = false;  ///< own weights: a plain bias, 0 at the start; the paper has none
  /// Own weights: softplus of it is about their standard deviation at the start; from -20 to 5.
  double initial_scale = -3;
  void fields(FieldVisitor& f);
};

struct INFOMTL_API CnnHeadSettings {
  std::vector<double> widths = {3, 4, 5};  ///< tokens of a window, whole numbers, no two alike
  std::int64_t filters = 100;              ///< per width
  double dropout = 0.5;                    ///< rate of dropping before the linear map, in [0, 1)
  void fields(FieldVisitor& f);
};

/// Makes the head of one task.
using HeadFactory = std::function<std::shared_ptr<Head>(const HeadContext&)>;

/// Tasks, and the head that each gets.
struct TaskHeads {
  std::vector<Task> tasks;
  std::vector<HeadFactory> heads;  ///< one for each task
};

/// Deterministic outputs: [B, C] = W h + b, or through one hidden layer. @throws ConfigError
INFOMTL_API TaskHeads linear_heads(std::vector<Task> tasks, const LinearHeadSettings& settings = {});
/// Mean and log-variance of a Gaussian over the outputs (Hu et al., AAAI 2025). @throws ConfigError
INFOMTL_API TaskHeads gaussian_heads(std::vector<Task> tasks, const GaussianHeadSettings& settings = {});
/// A linear map whose weights are Gaussians (Shen et al., NeurIPS 2021). @throws ConfigError
INFOMTL_API TaskHeads bayesian_heads(std::vector<Task> tasks, const BayesianHeadSettings& settings = {});

/// Convolutions over the encoder's token states, the largest answer of each filter, and a linear map of these (Kim, EMNLP
/// 2014). What the architecture makes of the pooled output is not read. @throws ConfigError; when a head is made also for a
/// tagging task
INFOMTL_API TaskHeads cnn_heads(std::vector<Task> tasks, const CnnHeadSettings& settings = {});

/// Heads that read what the other heads said in the round before (after Xi et al., arXiv:2404.00885); with losses/
/// feedback_convergence.h. @throws ConfigError; when a head is made also for an unknown task in `reads`
INFOMTL_API TaskHeads feedback_heads(std::vector<Task> tasks, const FeedbackHeadSettings& settings = {});

}  // namespace infomtl
