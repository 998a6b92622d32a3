// Marks a class as the one to use where its contract's name is asked for.
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public abstract class ExtensionBaseAttribute : Attribute
{
    private protected ExtensionBaseAttribute(string contractName)
    {
        Contracts.CheckNonEmpty(contractName, nameof(contractName));
        ContractName = contractName;
    }

    public string ContractName { get; }
}
