#!/usr/bin/env bash
# The one entry to the repository: sets up what a fresh machine lacks, builds everything in Release, and runs the demo, the tests, the benchmarks or the packing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

usage() {
  cat <<'TEXT'
Usage: ./build.sh <verb> [arguments] [-p:Property=Value ...]
  demo   trains, evaluates, saves and reloads a sentiment model (examples/SentimentAnalysis)
  test   runs all tests; the last line is "N passed, N failed, N skipped"
  bench  accuracy | speed | memory | scaling | micro, with that benchmark's own arguments (micro: BenchmarkDotNet's)
  pack   writes the NuGet package to artifacts/packages and checks what it depends on
Properties, also from the environment:
  DependencySource=packages|standins|auto   auto takes the packages where the feeds have them
  TorchSharpVersion=…, MicrosoftMLVersion=…, RestoreAdditionalProjectSources=…, TorchBackend=cpu|cuda-linux
LIBTORCH=/path (environment only) names the libtorch that the stand-in for TorchSharp takes instead of Debian's.
TEXT
}

say() { printf 'build.sh: %s\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# The value of an MSBuild property: of a -p: argument, else of the environment.
property() {
  local name=$1 value=${!1:-} argument
  for argument in "${properties[@]}"; do
    case $argument in -p:"$name"=*) value=${argument#*=} ;; esac
  done
  printf '%s' "$value"
}

# Whether the feeds have the packages is asked by restoring a project that needs nothing else.
packages_are_on_the_feeds() {
  local probe=artifacts/probe
  mkdir -p $probe
  cat >$probe/probe.csproj <<'TEXT'
<Project Sdk="Microsoft.NET.Sdk">
  <ItemGroup>
    <Dependency Include="Microsoft.ML;Microsoft.ML.Tokenizers;TorchSharp" />
  </ItemGroup>
</Project>
TEXT
  dotnet restore $probe/probe.csproj -v q "${properties[@]}" -p:DependencySource=packages >$probe/restore.log 2>&1
}

# Plain `dotnet build` and `dotnet test` follow the record that this leaves (build/DependencySource.props reads it).
choose_dependency_source() {
  dependency_source=$(property DependencySource)
  case $dependency_source in
    packages | standins) ;;
    '' | auto)
      if packages_are_on_the_feeds; then
        dependency_source=packages
      else
        dependency_source=standins
        say "the feeds do not give the packages ($(grep -om1 'NU1[0-9]*: [^[]*' artifacts/probe/restore.log || echo 'see artifacts/probe/restore.log')); taking the stand-ins"
      fi ;;
    *) fail "DependencySource is '$dependency_source'; it must be packages, standins or auto." ;;
  esac
  mkdir -p artifacts
  printf '<Project><PropertyGroup><ResolvedDependencySource>%s</ResolvedDependencySource></PropertyGroup></Project>\n' \
    "$dependency_source" >artifacts/dependency-source.props
}

# Installs those of the named Debian packages that are missing.
install() {
  local missing=() name as_root=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is not a Debian machine, so nothing is installed; needed are: $*"
    return
  fi
  for name; do
    [[ $(dpkg-query -W -f='${Status}' "$name" 2>/dev/null || true) == *' installed' ]] || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "needed but not installed: ${missing[*]}. Run as root: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed; trying with the package lists that are here"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install ${missing[*]}; install them by hand, or set LIBTORCH to the folder of another libtorch."
}

install_libtorch() {
  if [ "$dependency_source" != standins ]; then return; fi
  if [ -n "${LIBTORCH:-}" ]; then install g++; return; fi
  # The OpenMP build of OpenBLAS shares libtorch's threads; the pthread build fights them (1.5 to 1.7 times slower).
  install g++ libtorch-dev libopenblas0-openmp
  local blas
  blas=$(ldconfig -p 2>/dev/null | sed -n 's/.*libblas\.so\.3 .*=> //p' | head -n 1)
  case $(readlink -f "${blas:-/}") in
    *pthread*) say "note: the system's BLAS is OpenBLAS's pthread build; 'update-alternatives --config libblas.so.3-$(gcc -dumpmachine)' switches to the faster OpenMP build" ;;
  esac
}

# The solution, or the one project that is named.
build() {
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing: 'dotnet' is not on the PATH."
  choose_dependency_source
  install_libtorch
  dotnet build "${1:-MLNet.PTuning.sln}" -c Release -v m --tl:off "${properties[@]}"
}

run_project() {
  local project=$1
  shift
  [ -d "$project" ] || fail "$project does not exist."
  dotnet run --project "$project" -c Release --no-build "${properties[@]}" -- "$@"
}

# The sum of one attribute over the <Counters> of all result files.
count() {
  { grep -ho '<Counters [^>]*' artifacts/test-results/*.trx 2>/dev/null || true; } |
    sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'
}

run_tests() {
  local status=0 passed failed skipped
  rm -rf artifacts/test-results
  # One project after the other: each uses all cores.
  dotnet test MLNet.PTuning.sln -c Release --no-build -m:1 --tl:off "${properties[@]}" \
    --logger 'console;verbosity=minimal' --logger 'trx;LogFilePrefix=tests' --results-directory artifacts/test-results || status=$?
  passed=$(count passed)
  failed=$(($(count failed) + $(count error) + $(count timeout) + $(count aborted)))
  # Result files count a skipped test as neither executed nor "notExecuted".
  skipped=$(($(count total) - $(count executed)))
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    say "a test run ended before its tests did (dotnet test: $status); counted as one failure"
    failed=1
  fi
  if [ "$((passed + failed))" -eq 0 ]; then say "no test ran"; status=1; fi
  echo "$passed passed, $failed failed, $skipped skipped"
  return "$status"
}

pack() {
  dotnet pack src/MLNet.PTuning -c Release --no-build -v m --tl:off -o artifacts/packages "${properties[@]}"
}

verb=${1:-}
if [ $# -gt 0 ]; then shift; fi
properties=()
arguments=()
for argument; do
  case $argument in
    -p:*) properties+=("$argument") ;;
    *) arguments+=("$argument") ;;
  esac
done

case $verb in
  demo) build; run_project examples/SentimentAnalysis --model artifacts/sentiment.zip "${arguments[@]}" ;;
  test) build; run_tests ;;
  bench)
    benchmarks=benchmarks/MLNet.PTuning.Benchmarks
    case ${arguments[0]:-} in
      accuracy | memory | scaling) build ;;
      # Its rival in the comparison is the same model in PyTorch.
      speed) install python3-torch; build ;;
      # Not in the solution, which also builds where the feeds have no BenchmarkDotNet.
      micro) benchmarks=benchmarks/MLNet.PTuning.MicroBenchmarks; build $benchmarks; arguments=("${arguments[@]:1}") ;;
      *) fail "bench needs one of: accuracy, speed, memory, scaling, micro." ;;
    esac
    run_project $benchmarks "${arguments[@]}" ;;
  pack) build; pack ;;
  '' | help | -h | --help) usage ;;
  *) usage >&2; fail "unknown verb '$verb'." ;;
esac
