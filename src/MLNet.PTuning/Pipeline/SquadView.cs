// SQuAD's files as a data view.
using Microsoft.ML.Data;
using Microsoft.ML;

namespace MLNet.PTuning.Pipeline;

/// <summary>A row for each question of a file.</summary>
internal sealed class SquadView(string path) : FileView<SquadRow>(Columns())
{
    private const string Id = "Id", Context = "Context", Question = "Question", TrainingAnswer = "TrainingAnswer", AnswerIndex = "AnswerIndex";

    protected override IEnumerable<SquadRow> Rows() => SquadReader.Rows(path);

    protected override Delegate Getter(string column, Func<SquadRow> row) => column switch
    {
        Id => Text(() => row().Id),
        Context => Text(() => row().Context),
        Question => Text(() => row().Question),
        TrainingAnswer => Texts(() => row().Answers),
        _ => VectorGetter.Of(() => row().Starts, start => start),
    };

    private static DataViewSchema Columns()
    {
        var builder = new DataViewSchema.Builder();
        foreach (string name in new[] { Id, Context, Question }) builder.AddColumn(name, TextDataViewType.Instance);
        builder.AddColumn(TrainingAnswer, new VectorDataViewType(TextDataViewType.Instance));
        builder.AddColumn(AnswerIndex, new VectorDataViewType(NumberDataViewType.Int32));
        return builder.ToSchema();
    }
}
