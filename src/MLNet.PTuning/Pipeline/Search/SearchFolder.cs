// The finished trials of a search on disk, so that an interrupted search can be resumed.
using System.Text.Json;
using System.Text.Json.Serialization;
using MLNet.PTuning.Files;
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Pipeline;

/// <summary>Finished trials by setting and epochs; written to a folder where one is given.</summary>
internal sealed class SearchFolder
{
    /// <summary>How trials are written.</summary>
    public static readonly JsonSerializerOptions Json = new() { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly string? _folder;
    private readonly SortedDictionary<string, string> _identity;

    /// <param name="folder">Null for none; created where it does not exist.</param>
    /// <param name="identity">Everything else that a trial's result depends on besides its setting.</param>
    /// <exception cref="ArgumentException">The folder holds a search on other rows or with other settings.</exception>
    /// <exception cref="InvalidDataException">Its search.json cannot be read.</exception>
    public SearchFolder(string? folder, SortedDictionary<string, string> identity)
    {
        (_folder, _identity) = (folder, identity);
        if (folder is null) return;
        Directory.CreateDirectory(folder);
        AtomicFile.DeleteLeftovers(Table);
        if (!File.Exists(Table)) return;
        var content = Read();
        if (RunIdentity.Difference(content.Identity, identity) is { } difference)
            throw new ArgumentException($"The folder {folder} holds a search on other rows or with other settings ({difference}). Give another folder, or delete {Table}.");
        Finished.AddRange(content.Trials);
    }

    /// <summary>The finished trials.</summary>
    public List<SearchTrial> Finished { get; set; } = [];

    private string Table => Path.Combine(_folder!, "search.json");

    /// <summary>A finished trial of a setting and a number of epochs; null where there is none.</summary>
    public SearchTrial? Find(PromptSetting setting, int epochs) => Finished.Find(t => t.Setting == setting && t.Epochs == epochs);

    /// <summary>Keeps a finished trial.</summary>
    public void Add(SearchTrial trial, SearchReport soFar)
    {
        Finished.Add(trial);
        if (_folder is null) return;
        AtomicFile.Write(Table, stream => JsonSerializer.Serialize(stream, new Content(_identity, Finished), Json));
        soFar.SaveCsv(Path.Combine(_folder, "trials.csv"));
        soFar.SaveSvg(Path.Combine(_folder, "trials.svg"));
    }

    private Content Read()
    {
        try
        {
            using var file = File.OpenRead(Table);
            if (JsonSerializer.Deserialize<Content>(file, Json) is { Identity: not null, Trials: not null } content) return content;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{Table} cannot be read ({e.Message}). Delete it to start the search again.", e);
        }
        throw new InvalidDataException($"{Table} holds no search. Delete it to start the search again.");
    }

    private sealed record Content(SortedDictionary<string, string> Identity, List<SearchTrial> Trials);
}
