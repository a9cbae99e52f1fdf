import { json, plain, type Answer } from '../answer';
import { pathParameter } from '../query';
import type { SalesChannel } from '../world';
import type { VtexCall } from './call';

const CULTURES: Record<string, string> = {
  USD: 'en-US',
  BRL: 'pt-BR',
  MXN: 'es-MX',
  EUR: 'es-ES',
  GBP: 'en-GB',
  CAD: 'en-CA',
};
const SYMBOLS: Record<string, string> = { USD: '$', BRL: 'R$', MXN: '$', EUR: '€', GBP: '£', CAD: '$' };

export function listSalesChannels({ world }: VtexCall): Answer {
  return json(200, world.settings.salesChannels.map(channelRecord));
}

export function getSalesChannel({ request, world }: VtexCall): Answer {
  const channel = world.settings.salesChannels.find(({ Id }) => String(Id) === pathParameter(request, 'id'));
  return channel ? json(200, channelRecord(channel)) : plain(404, 'Sales channel not found');
}

function channelRecord(channel: SalesChannel, index: number | undefined = 0): object {
  return {
    ...channel,
    ProductClusterId: null,
    CultureInfo: CULTURES[channel.CurrencyCode] ?? 'en-US',
    TimeZone: 'UTC',
    CurrencySymbol: SYMBOLS[channel.CurrencyCode] ?? channel.CurrencyCode,
    Position: index + 1,
    ConditionRule: null,
    CurrencyDecimalDigits: 2,
    CurrencyFormatInfo: {
      CurrencyDecimalDigits: 2,
      CurrencyDecimalSeparator: '.',
      CurrencyGroupSeparator: ',',
      CurrencyGroupSize: 3,
      StartsWithCurrencySymbol: true,
    },
  };
}
