#pragma once
// Architectures: the built-in ones, from code. Each returns a factory; the model makes the architecture once it knows the
// encoder's width and the tasks. Settings are checked as a config's are (ConfigError).
//
//   MultiTaskModel model(encoder, linear_heads(tasks), architectures::mmoe({.experts = 8, .expert = {.hidden = 64}}));
//
// Letters: H width of the encoder, T tasks.

#include <cstdint>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/model/architecture.h"

namespace infomtl::architectures {

/// Experts: small networks with one hidden layer.
struct INFOMTL_API ExpertSettings {
  std::int64_t hidden = 0;          ///< width of the hidden layer; 0: that of its input
  std::int64_t width = 0;           ///< width of the output, which heads read; 0: H
  std::string activation = "gelu";  ///< a name of ops::activation_names()
  double dropout = 0.0;             ///< rate of dropping before each linear map
  void fields(FieldVisitor& f);
};
/// Adapters: levels of small residual networks that stand for a branch of the encoder.
struct INFOMTL_API AdapterSettings {
  std::int64_t levels = 2;
  std::int64_t hidden = 64;
  std::string activation = "gelu";
  double dropout = 0.0;
  void fields(FieldVisitor& f);
};
struct INFOMTL_API VibSettings {
  std::int64_t width = 128;  ///< of the code
  std::int64_t hidden = 0;   ///< width of the hidden layer of both nets, 0 for none
  std::string activation = "gelu";
  double dropout = 0.0;
  double log_variance_low = -10.0, log_variance_high = 10.0;  ///< the log-variance is clamped between them
  double initial_log_variance = 0.0;                          ///< as of gaussian_heads()
  void fields(FieldVisitor& f);
};
struct INFOMTL_API VariationalSettings {
  std::int64_t width = 256;  ///< of the code
  double dropout = 0.2;      ///< rate of dropping what the code is made of
  double initial_scale =
      -3;  ///< softplus of it is about the standard deviation of a weight at the start; from -20 to 5
  /// Amortised: class means as differences from their common mean, brought to unit size, since pooled outputs of a language
  /// model have most in common; false: as they are, the released code's.
  bool standardize_means = true;
  bool amortized = false;  ///< make the weights of heads from the means of the classes: VMTL-AC
  void fields(FieldVisitor& f);
};
struct INFOMTL_API AdditiveNoiseSettings {
  std::int64_t width = 128;       ///< of the code, a linear map of the representation; 0: the representation itself
  bool normalize = true;          ///< bring the code to zero mean and unit variance over its coordinates
  double initial_noise = 0.1;     ///< standard deviation at the start, > 0
  std::string prior = "learned";  ///< variance per task and coordinate, or "standard": 1
  double learning_rate = 1e-2;    ///< peak, of noise and prior; 0: the optimiser's, at which they hardly move
  void fields(FieldVisitor& f);
};
struct INFOMTL_API MmoeSettings {
  std::int64_t experts = 4;  ///< networks that all tasks share
  ExpertSettings expert = {};
  void fields(FieldVisitor& f);
};
/// Shared experts and each task's own, and a gate per task over them.
struct INFOMTL_API ExtractionSettings {
  std::int64_t shared_experts = 2;
  std::int64_t task_experts = 1;
  ExpertSettings expert = {};
  void fields(FieldVisitor& f);
};
struct INFOMTL_API PleSettings {
  std::int64_t levels = 2;
  bool shared_stream = true;  ///< shared experts read a stream of their own (the paper), or that of the task (LibMTL)
  ExtractionSettings extraction = {};
  void fields(FieldVisitor& f);
};
struct INFOMTL_API CrossStitchSettings {
  double own = 0.9;  ///< initial share of a task's own branch; the others share the rest
  AdapterSettings adapters = {};
  void fields(FieldVisitor& f);
};
struct INFOMTL_API MtanSettings {
  std::int64_t hidden = 64;  ///< width of the hidden layer of a mask's net, 0 for none
  std::string activation = "relu";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API DselectKSettings {
  std::int64_t experts = 4;    ///< networks that all tasks share
  std::int64_t selectors = 2;  ///< k, the largest number of experts a task ends with, <= experts
  double gamma = 1.0;          ///< width of the smooth step
  std::string gate = "input";  ///< selectors that look at the row, or "static": one choice per task for all rows
  ExpertSettings expert = {};
  void fields(FieldVisitor& f);
};
struct INFOMTL_API LtbSettings {
  double temperature_from = 5.0, temperature_to = 0.5;  ///< softness of choices at the first step, and from `steps` on
  std::int64_t steps = 1000;                            ///< optimiser steps over which the temperature falls
  std::int64_t warmup_steps = 10;                       ///< optimiser steps in which nodes take the mean of all
  AdapterSettings adapters = {};
  void fields(FieldVisitor& f);
};
/// Covariance alignment: a square map per task.
struct INFOMTL_API AlignmentSettings {
  std::string site =
      "token_embedding";     ///< what is mapped: every word embedding (the paper), or "pooled": the encoder's output
  double learning_rate = 0;  ///< peak, of the maps; 0: the optimiser's
  void fields(FieldVisitor& f);
};

/// Hard parameter sharing: every task reads the encoder's output.
INFOMTL_API ArchitectureFactory shared();
/// One stochastic bottleneck for all tasks (MT-VIB); its KL is the loss Bottleneck.
INFOMTL_API ArchitectureFactory vib(VibSettings settings = {});
/// One layer of Gaussian weights for all tasks (VMTL, VMTL-AC); its KL is the loss RepresentationPrior.
INFOMTL_API ArchitectureFactory variational(VariationalSettings settings = {});
/// Noise of learned size on the representation, per task (Hierarchical MTL); its KL is the loss Bottleneck.
INFOMTL_API ArchitectureFactory additive_noise(AdditiveNoiseSettings settings = {});
/// Multi-gate mixture of experts.
INFOMTL_API ArchitectureFactory mmoe(MmoeSettings settings = {});
/// Customised gate control.
INFOMTL_API ArchitectureFactory cgc(ExtractionSettings settings = {});
/// Progressive layered extraction.
INFOMTL_API ArchitectureFactory ple(PleSettings settings = {});
/// A branch of adapters per task, with learned combinations between levels.
INFOMTL_API ArchitectureFactory cross_stitch(CrossStitchSettings settings = {});
/// Attention masks per task over the states of all layers.
INFOMTL_API ArchitectureFactory mtan(MtanSettings settings = {});
/// Mixture of experts whose gates come to rest on k of them.
INFOMTL_API ArchitectureFactory dselect_k(DselectKSettings settings = {});
/// Learning to branch: adapters whose tree is learned.
INFOMTL_API ArchitectureFactory ltb(LtbSettings settings = {});

/// Covariance alignment (Wu, Zhang, Re, ICLR 2020): a square map per task on its word embeddings, the identity at first.
INFOMTL_API ArchitectureFactory alignment(AlignmentSettings settings = {});

}  // namespace infomtl::architectures
