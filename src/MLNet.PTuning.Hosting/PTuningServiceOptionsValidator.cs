// Refuses options that cannot be right before the host starts.
using Microsoft.Extensions.Options;

namespace MLNet.PTuning.Hosting;

internal sealed class PTuningServiceOptionsValidator : IValidateOptions<PTuningServiceOptions>
{
    public ValidateOptionsResult Validate(string? name, PTuningServiceOptions options)
    {
        var faults = new List<string>();
        try
        {
            options.Server.Validate();
        }
        catch (ArgumentOutOfRangeException e)
        {
            faults.Add($"{PTuningServiceOptions.Section}:Server:{e.ParamName} is {e.ActualValue}. {e.Message}");
        }
        foreach (var (task, file) in options.Tasks)
        {
            if (string.IsNullOrWhiteSpace(task)) faults.Add($"{PTuningServiceOptions.Section}:Tasks has a task without a name.");
            if (string.IsNullOrWhiteSpace(file)) faults.Add($"{PTuningServiceOptions.Section}:Tasks:{task} names no model file.");
        }
        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }
}
