// What the service is configured with, beside the section of MLNet.PTuning.Hosting.
using System.ComponentModel.DataAnnotations;

namespace TaskService;

/// <summary>The configuration's section <c>TaskService</c>.</summary>
public sealed class TaskServiceOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "TaskService";

    /// <summary>The folder of the model files, which are loaded at the start and which uploads go to; a relative path starts beside the app's assemblies.</summary>
    [Required]
    public string Folder { get; set; } = "tasks";

    /// <summary>What clients have to send to upload and delete, as <c>Authorization: Bearer KEY</c>; without it nobody can. Keep it out of files under version control.</summary>
    [MinLength(16, ErrorMessage = "TaskService:Key must have 16 characters or more.")]
    public string? Key { get; set; }

    /// <summary>Most bytes of an upload.</summary>
    [Range(1, long.MaxValue)]
    public long MaxUploadBytes { get; set; } = 64 << 20;

    /// <summary>Most tasks that the service has; uploads of others are refused.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTasks { get; set; } = 100;

    /// <summary>How long a request for predictions may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00", ConvertValueInInvariantCulture = true, ParseLimitsInInvariantCulture = true)]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(10);
}
