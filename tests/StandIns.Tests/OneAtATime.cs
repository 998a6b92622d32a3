// Tests run one after another: TorchSharp's seed and the count of open cursors belong to the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
