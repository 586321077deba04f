import { AppError } from "../../shared/contract/errors.ts";
import { dev } from "./dev.ts";
import { prod } from "./prod.ts";
import { type Deployment, parseDeployment } from "./schema.ts";

const inputs = [dev, prod];

/** The deployment of that name. @throws {AppError} invalid_argument when there is none or it is not valid */
export function deploymentNamed(name: string): Deployment {
  const input = inputs.find((candidate) => candidate.name === name);
  if (input !== undefined) return parseDeployment(input);
  throw new AppError(
    "invalid_argument",
    `there is no deployment ${name}; config/ has ${inputs.map((candidate) => candidate.name).join(", ")}`,
  );
}
