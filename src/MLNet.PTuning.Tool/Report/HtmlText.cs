// HTML under construction: what is written into it is escaped unless it is markup already.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace MLNet.PTuning.Tool.Report;

/// <summary>A piece of HTML, which is written as it is.</summary>
internal readonly record struct Markup(string Html);

internal sealed class HtmlText
{
    private readonly StringBuilder _html = new();

    /// <summary>Adds a line. Its literal parts are HTML; the values between them are escaped, except <see cref="Markup"/>.</summary>
    public void Line([InterpolatedStringHandlerArgument("")] Handler line) => line.End();

    public override string ToString() => _html.ToString();

    /// <summary>A line as the piece that it is.</summary>
    public static Markup Piece(Action<HtmlText> write)
    {
        var html = new HtmlText();
        write(html);
        return new Markup(html.ToString().TrimEnd('\n'));
    }

    [InterpolatedStringHandler]
    public readonly ref struct Handler
    {
        private readonly StringBuilder _html;

        public Handler(int literalLength, int valueCount, HtmlText html)
        {
            _html = html._html;
            _html.EnsureCapacity(_html.Length + literalLength + valueCount);
        }

        public void AppendLiteral(string text) => _html.Append(text);

        public void AppendFormatted(string? text) => _html.Append(UserText.Escaped(text ?? ""));

        public void AppendFormatted(int number) => _html.Append(number.ToString(CultureInfo.InvariantCulture));

        public void AppendFormatted(Markup markup) => _html.Append(markup.Html);

        public void End() => _html.Append('\n');
    }
}
